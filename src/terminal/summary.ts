/** What stands on the normal screen after the view: how everything ended, and what must not vanish with it. */
import { escapeControls } from '../domain/text.ts';
import { count, span } from './figures.ts';
import type { Seen } from './view.ts';

/** Plain lines, each with its end. */
export function summary({ pipelines, complaints, complaintsTotal }: Seen, ranMs: number): string {
  const lines = pipelines.map(({ name, how }) => escapeControls(`${name}: ${how}`));
  if (complaintsTotal > 0) {
    const what =
      complaintsTotal === 1 ? '1 warning or error' : `${count(complaintsTotal)} warnings and errors`;
    const told = complaints.reduce((sum, { times }) => sum + times, 0);
    const which = told < complaintsTotal ? `, the last ${count(told)} of them` : '';
    lines.push(`${what} within ${span(ranMs)}${which}:`);
    for (const { timeMs, who, text, times } of complaints) {
      const again = times > 1 ? ` (${count(times)} times, this was the last)` : '';
      lines.push(`${new Date(timeMs).toISOString().slice(11, 24)}  ${who.padEnd(30)} ${text}${again}`);
    }
  } else lines.push(`no warnings and no errors within ${span(ranMs)}`);
  return lines.map((line) => `${line}\n`).join('');
}
