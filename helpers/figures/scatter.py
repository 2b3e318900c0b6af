"""The scatter plot to hover over."""

import pandas as pd
import plotly.graph_objects as go

from helpers.figures import style

SHAPES = ("circle", "square", "diamond", "cross", "triangle-up", "x", "star", "pentagon", "hexagram")


def hover_scatter(table: pd.DataFrame, x: str, y: str, title: str, x_title: str, y_title: str, subject: str = "subject"):
    """A point per frame, a colour and a shape per subject; hovering tells the subject, the clip and the frame.

    table: one row per frame with the columns x, y, subject, clip and frame.
    """
    palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
    figure = go.Figure()
    for number, (name, rows) in enumerate(table.groupby(subject, sort=True)):
        figure.add_scatter(x=rows[x].tolist(), y=rows[y].tolist(), mode="markers", name=str(name),
                           marker={"color": palette[number % len(palette)], "symbol": SHAPES[number % len(SHAPES)], "size": 7,
                                   "opacity": 0.75},
                           customdata=rows[["clip", "frame"]].astype(str).to_numpy().tolist(),
                           hovertemplate="%{customdata[0]}, frame %{customdata[1]}<br>" + x_title
                                         + " %{x:.3f}<br>" + y_title + " %{y:.3f}<extra>" + str(name) + "</extra>")
    figure.update_layout(title={"text": f"<b>{title}</b>", "font": {"size": 15}}, xaxis_title=x_title, yaxis_title=y_title,
                         template="plotly_white", height=430, margin={"l": 60, "r": 20, "t": 60, "b": 50},
                         font={"color": "#333333"}, legend={"title": {"text": subject}})
    return figure
