"""What tasks of text share: rendered lines and pages, tokenizers and embeddings, word lists."""
