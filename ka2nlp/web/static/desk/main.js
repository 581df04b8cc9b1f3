// The desk beyond plain forms: light between text and labels, keys, marking evidence, panes.
import { start as startKeys } from "./keys.js";
import { start as startLight } from "./light.js";
import { start as startMarking } from "./marking.js";
import { start as startPanes } from "./panes.js";
import { say } from "./parts.js";

startPanes();
startLight();
startMarking();
startKeys();

document.body.addEventListener("htmx:error", () => {
  say("The desk did not answer: nothing was kept. Check the connection and try again.", true);
});
