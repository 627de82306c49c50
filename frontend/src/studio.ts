// What only the studio loads: uploads that resume after the connection breaks.
import { isSupported } from "tus-js-client";

document.documentElement.dataset["uploads"] = isSupported ? "resumable" : "plain";
