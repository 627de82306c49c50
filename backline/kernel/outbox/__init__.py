"""Facts, and getting them to those who listen.

A fact says that something happened, in the past tense. `publish` writes it and one delivery per subscriber in the same
transaction as the change itself, so there is no gap between commit and enqueue. Each subscriber has a job of its own:
retries are independent, and a unique (subscriber, fact) row makes its effect happen once. What keeps failing becomes
a dead letter that the admin shows and can send again. Live pages read the same facts (`sse.py`).

Owns: outbox_fact (append-only, by month), outbox_delivery. Publishes nothing itself. Start reading at `facts.py`.
"""
