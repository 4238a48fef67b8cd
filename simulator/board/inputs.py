"""What the world last told of the board's inputs, and who is to hear of a change."""


class Inputs:
    """`pins`, `rms_mv` and `mv` hold the inputs as the world last told them, by pin number.

    `handlers`: by pin number, what is called with the new level when an input changes; by "ble",
    what is called with the radio's news.
    """

    def __init__(self):
        self.pins = {}
        self.rms_mv = {}
        self.mv = {}
        self.board_c = 25
        self.handlers = {}

    def take(self, news):
        """One line of the world: its first, with all inputs, or one that changes."""
        if "pins" in news:
            self._take_all(news)
        elif "pin" in news:
            self._set_pin(news["pin"], news["value"])
        elif "mv" in news:
            self.mv[news["adc"]] = news["mv"]
        elif "adc" in news:
            self.rms_mv[news["adc"]] = news["rms_mv"]
        elif "board_c" in news:
            self.board_c = news["board_c"]
        elif "ble" in news and "ble" in self.handlers:
            self.handlers["ble"](news)

    def _take_all(self, news):
        self.rms_mv.update(news["rms_mv"])
        self.mv.update(news["mv"])
        self.board_c = news.get("board_c", self.board_c)
        for pin, value in news["pins"]:
            self._set_pin(pin, value)

    def _set_pin(self, pin, level):
        before = self.pins.get(pin, 0)
        self.pins[pin] = level
        if level != before and pin in self.handlers:
            self.handlers[pin](level)
