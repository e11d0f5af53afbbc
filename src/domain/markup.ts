/** Text as part of HTML or SVG: what a name holds is never markup. */
import { escapeControls } from './text.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text between tags and within quotes alike; what cannot be printed is written as an escape. */
export function escapeMarkup(text: string): string {
  return escapeControls(text).replace(/[&<>"']/g, (c) => entities[c]!);
}
