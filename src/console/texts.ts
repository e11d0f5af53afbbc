/** Events as text, made once however many pages are open. */
import type { ConsoleEvent } from './wire.ts';

const texts = new WeakMap<ConsoleEvent, string>();

/** Its JSON. */
export function eventText(event: ConsoleEvent): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(event);
  texts.set(event, text);
  return text;
}

/** Notes the JSON of an event that is known already. */
export function noteText(event: ConsoleEvent, text: string): void {
  texts.set(event, text);
}
