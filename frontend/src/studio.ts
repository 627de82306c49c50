// What only the studio loads: uploads that resume after the connection breaks, the hook editor, live rows.
import "./styles/studio.css";
import "./studio/credit-rows";
import "./studio/hook-editor";
import "./studio/live-tracks";
import "./studio/upload-area";
