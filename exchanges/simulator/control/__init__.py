"""The control API: the true books, and the operator's hand."""
