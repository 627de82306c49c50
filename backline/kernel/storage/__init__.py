"""Bytes at rest: blobs named by their content, judged by their content, served under signed addresses.

Owns the blob store (`store.blob_store()`, a folder or an S3 bucket), the judgement of file types
(`content_type`), image renditions (`images`) and the addresses of public files (`signed_url`, `media`).
Owns no tables: whoever keeps a blob keeps its BlobRef in a row of its own. Publishes no facts. Start
reading at `blobs.py`.
"""
