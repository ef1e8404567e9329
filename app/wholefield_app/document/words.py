"""The words in which workspaces differ where they do the same."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a workspace calls what is open in it.

    Attributes:
        noun: One of them, such as "slide".
        purpose: What the workspace is for, in one sentence.
        hint: How else to begin, below the buttons of the first page.
        open_icon: Icon of the action that opens one.
        open_about: What it offers.
        folder_about: What opening a folder offers; empty where folders are not opened.
        demo: What the demo is, such as "project".
        demo_about: What opening it offers.
        making_demo: Said while it is made.
        properties_about: What the window with the properties shows.
        picture: What a picture is saved of.
        picture_about: What saving one does.
        whole: Title of the action that shows all of it.
        whole_about: What it does.
        zoom_out_about: What zooming out does.
        pause_about: What pausing a training does.
        predict: Title of the action that uses a model.
        predict_about: What it does.
        export: Title of the action that exports.
        export_about: What it writes.
        cancel_export_about: What ending an export early leaves.
    """

    noun: str
    purpose: str
    hint: str
    open_icon: str
    open_about: str
    folder_about: str = ""
    demo: str
    demo_about: str
    making_demo: str
    properties_about: str
    picture: str = "view"
    picture_about: str
    whole: str
    whole_about: str
    zoom_out_about: str
    pause_about: str = "Pause after the current step."
    predict: str
    predict_about: str
    export: str
    export_about: str
    cancel_export_about: str = "Cancel the current export and remove what it has written."

    @property
    def open_first(self) -> str:
        """Why nothing can be done yet."""
        return f"Open a {self.noun} first."
