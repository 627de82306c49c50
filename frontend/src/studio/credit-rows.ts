// <credit-rows>: adds and removes rows of credits. Without scripts the form offers a few empty rows instead.

import { define, h } from "../lib/dom";

export class CreditRows extends HTMLElement {
  connectedCallback(): void {
    if (this.querySelector(".credit-add")) return;
    const add = h("button", { type: "button", class: "button credit-add" }, "Add a credit");
    add.addEventListener("click", () => this.add());
    this.append(add);
    for (const row of this.rows) this.addRemover(row);
  }

  private get rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(".credit-row")];
  }

  private add(): void {
    const last = this.rows.at(-1);
    if (!last) return;
    const row = last.cloneNode(true) as HTMLElement;
    row.querySelector(".credit-remove")?.remove();
    for (const input of row.querySelectorAll("input")) input.value = "";
    last.after(row);
    this.addRemover(row);
    row.querySelector("input")?.focus();
  }

  private addRemover(row: HTMLElement): void {
    const remove = h("button", { type: "button", class: "button button-small credit-remove" }, "Remove");
    remove.addEventListener("click", () => {
      if (this.rows.length > 1) row.remove();
      else for (const input of row.querySelectorAll("input")) input.value = "";
      this.rows.at(-1)?.querySelector("input")?.focus();
    });
    row.append(remove);
  }
}

define("credit-rows", CreditRows);
