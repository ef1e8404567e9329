"""The main window: menus, tool bar, banner, status bar, docks; what is shown in them comes from the workspaces."""
