"""Where people work: pages that combine domains. Nothing imports a desk."""
