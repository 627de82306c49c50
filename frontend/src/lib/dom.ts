// Building elements without a framework. Text is only ever set as text: nothing here can inject markup.

export type Child = Node | string;
export type Attributes = Record<string, string | number | boolean | null>;

/** An element with attributes (false and null: left out, true: empty) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** An icon of the sprite that every page carries. */
export function icon(name: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A whole number kept in a data attribute, or the fallback where it is absent or not a number. */
export function numberOf(element: HTMLElement, name: string, fallback: number): number {
  const value = Number(element.dataset[name] ?? "");
  return element.dataset[name] && Number.isFinite(value) ? value : fallback;
}

/** Register a custom element once; Turbo may run this script again with a new page. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
