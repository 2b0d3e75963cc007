"""The web half that all tasks share: registry, options, forms, one view, JSON API, errors, limits, health."""
