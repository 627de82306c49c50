// The part of Turbo's interface that we use; the package ships no types of its own.
declare module "@hotwired/turbo" {
  export const config: {
    forms: { mode: "on" | "off" | "optin"; confirm: (message: string) => Promise<boolean> };
    drive: { progressBarDelay: number };
  };
  export function visit(location: string | URL, options?: { action?: "advance" | "replace" }): void;
}
