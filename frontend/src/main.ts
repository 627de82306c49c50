// What every page loads: navigation that keeps the player dock alive from page to page.
import "@hotwired/turbo";
