// What every page loads: navigation that keeps the music going, the dock, and the islands of public pages.
import { config } from "@hotwired/turbo";
import "./styles/index.css";
import "./elements/lyrics-follow";
import "./elements/wave-form";
import { define } from "./lib/dom";
import { PlayerDock } from "./player/dock";
import { PlayButton } from "./player/play-button";

// Forms say themselves whether Turbo may send them: those of the account pages answer errors with 200, which
// Turbo would not show.
config.forms.mode = "optin";

define("player-dock", PlayerDock);
define("play-button", PlayButton);
document.documentElement.dataset["scripts"] = "on";
