"""Where every document lies, and every question that is asked of them: what the indexes in `infra` are made for."""
