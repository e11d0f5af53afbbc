/** A reload that somebody asked for: carried out, and told in the log with who it was. */
import type { Asker, Reloaded } from '../contract/control.ts';
import { toProblem } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { counted, printable } from '../domain/text.ts';
import { type Reloader, sentenceOf } from './reload.ts';

/** Complaints about the file that the log gets; whoever asked gets all of them. */
const complaintsMax = 8;

export async function reloadFor(by: Asker, reloader: Reloader, report: Reporter): Promise<Reloaded> {
  const who = `reload by ${printable(by.user)} (${printable(by.command, 200)})`;
  try {
    const reloaded = await reloader.reload();
    for (const warning of reloaded.warnings) report({ type: 'note', text: `warning: ${warning}` }, 'warn');
    report({ type: 'note', text: `${who}: ${sentenceOf(reloaded)}` });
    return reloaded;
  } catch (thrown) {
    const { code, message, advice } = toProblem(thrown);
    const [first = '', ...more] = message.split('\n');
    const complaints = more.length === 0 ? [first] : more.map((complaint) => `${first} ${complaint}`);
    for (const complaint of complaints.slice(0, complaintsMax)) {
      report({ type: 'problem', code, message: `${who}: ${complaint}`, advice });
    }
    const rest = complaints.length - complaintsMax;
    if (rest > 0) report({ type: 'note', text: `${who}: and ${counted(rest, 'further problem')}` }, 'error');
    throw thrown;
  }
}
