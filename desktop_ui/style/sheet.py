"""The style sheet: one for both themes, on a grid of 8 pixels, two sizes and two weights of the system's font."""

from PyQt6.QtGui import QColor, QPalette

from desktop_ui.style.colours import Theme

_SHEET = """
* {{ outline: none; }}
QWidget {{ color: {text}; font-size: 13px; }}
QMainWindow, QDialog, #panel, #toolbar, QStatusBar, QMenuBar {{ background: {surface}; }}
#stage {{ background: {stage}; }}
#toolbar {{ border-bottom: 1px solid {line}; }}
QMenuBar {{ border-bottom: 1px solid {line}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {hovered}; }}
QMenu {{ background: {raised}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {hovered}; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px 8px; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 4px 6px; }}
#heading {{ color: {muted}; font-size: 11px; font-weight: 600; letter-spacing: 1px; }}
#title {{ font-weight: 600; }}
#muted {{ color: {muted}; }}
#figure {{ color: {muted}; font-size: 11px; }}
#badge {{ color: {muted}; font-size: 11px; }}
QLabel[tone="warning"] {{ color: {warning}; }}
QLabel[tone="alert"] {{ color: {alert}; }}
QPushButton, QToolButton {{
    background: {raised}; border: 1px solid {line}; border-radius: 6px; padding: 5px 12px; min-height: 18px;
}}
QToolButton {{ padding: 5px 8px; }}
QPushButton:hover, QToolButton:hover {{ background: {hovered}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus, QSpinBox:focus,
QDateTimeEdit:focus {{
    border: 1px solid {accent};
}}
QPushButton:disabled, QToolButton:disabled {{ color: {muted}; }}
QPushButton[primary="true"] {{
    background: {accent}; color: {on_accent}; border: 1px solid {accent}; font-weight: 600;
}}
QPushButton[quiet="true"], QToolButton[quiet="true"] {{ background: transparent; border: 1px solid transparent; }}
QPushButton[quiet="true"]:hover, QToolButton[quiet="true"]:hover {{ background: {hovered}; }}
QPushButton[quiet="true"]:focus, QToolButton[quiet="true"]:focus {{ border: 1px solid {accent}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QPushButton:checked, QToolButton:checked {{ background: {hovered}; border: 1px solid {accent}; }}
QToolButton::menu-button {{ border: none; width: 18px; }}
QToolButton::menu-arrow {{ image: url({arrow}); width: 10px; height: 10px; }}
QToolButton[popupMode="1"] {{ padding-right: 22px; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QComboBox, QLineEdit, QSpinBox, QDoubleSpinBox, QDateTimeEdit, QPlainTextEdit, QTextBrowser {{
    background: {raised}; border: 1px solid {line}; border-radius: 6px; padding: 4px 8px; min-height: 18px;
    selection-background-color: {accent}; selection-color: {on_accent};
}}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: url({arrow}); width: 10px; height: 10px; }}
QComboBox QAbstractItemView {{ background: {raised}; border: 1px solid {line}; selection-background-color: {hovered};
    selection-color: {text}; }}
QCheckBox {{ spacing: 8px; padding: 2px 0; }}
QCheckBox::indicator, QMenu::indicator {{
    width: 14px; height: 14px; border: 1px solid {muted}; border-radius: 4px; background: transparent;
}}
QMenu::indicator {{ left: 6px; }}
QCheckBox::indicator:checked, QMenu::indicator:checked {{
    background: {accent}; border: 1px solid {accent}; image: url({tick});
}}
QCheckBox:disabled, QLabel:disabled {{ color: {muted}; }}
QCheckBox:focus {{ text-decoration: underline; }}
QSlider::groove:horizontal {{ height: 4px; background: {line}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; background: {text}; }}
QSlider::handle:horizontal:disabled, QSlider::sub-page:horizontal:disabled {{ background: {line}; }}
QListWidget, QListView, QTreeView, QTableView {{
    background: transparent; border: none; alternate-background-color: {raised}; gridline-color: {line};
}}
QListWidget::item, QListView::item, QTableView::item {{ padding: 4px; border-radius: 6px; }}
QListWidget::item:hover, QListView::item:hover {{ background: {hovered}; }}
QListWidget::item:selected, QListView::item:selected, QTableView::item:selected {{
    background: {hovered}; color: {text};
}}
QHeaderView::section {{
    background: {surface}; color: {muted}; border: none; border-bottom: 1px solid {line}; padding: 4px;
}}
QScrollArea {{ background: transparent; border: none; }}
QScrollBar:vertical {{ width: 10px; background: transparent; margin: 0; }}
QScrollBar:horizontal {{ height: 10px; background: transparent; margin: 0; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QSplitter::handle {{ background: {line}; }}
QProgressBar {{ background: {line}; border: none; border-radius: 2px; max-height: 4px; text-align: center; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 2px; }}
QTabWidget::pane {{ border: none; }}
QTabBar::tab {{ padding: 6px 12px; color: {muted}; border-bottom: 2px solid transparent; background: transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
#card {{ background: {raised}; border: 1px solid {line}; border-radius: 12px; }}
#banner {{ background: {raised}; border-bottom: 1px solid {line}; }}
"""


def style_sheet(theme: Theme, *, tick: str, arrow: str) -> str:
    """The sheet for a theme.

    Args:
        theme: Its colours.
        tick: File with the picture of a tick.
        arrow: File with the picture of an arrow that points down.
    """
    names = (
        "surface",
        "raised",
        "hovered",
        "stage",
        "line",
        "text",
        "muted",
        "accent",
        "on_accent",
        "warning",
        "alert",
    )
    return _SHEET.format(**{name: getattr(theme, name) for name in names}, tick=tick, arrow=arrow)


def palette(theme: Theme) -> QPalette:
    """The palette for what the style sheet does not reach: parts of the system's dialogs, selections, placeholders."""
    made = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, theme.surface),
        (roles.WindowText, theme.text),
        (roles.Base, theme.raised),
        (roles.AlternateBase, theme.surface),
        (roles.Text, theme.text),
        (roles.Button, theme.raised),
        (roles.ButtonText, theme.text),
        (roles.ToolTipBase, theme.raised),
        (roles.ToolTipText, theme.text),
        (roles.PlaceholderText, theme.muted),
        (roles.Highlight, theme.accent),
        (roles.HighlightedText, theme.on_accent),
        (roles.Link, theme.accent),
    ):
        made.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    return made
