"""Forms made from settings: a draft holds the values, a form shows them; nothing here knows any task."""
