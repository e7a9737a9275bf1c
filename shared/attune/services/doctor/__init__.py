"""Doctor: hold a project against what attune needs of it. Every look changes nothing."""
