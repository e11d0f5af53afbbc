/** `fogrun doctor [FILE…]`: looks at everything a pipeline needs, changes nothing, and always comes to an end. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { escapeControls } from '../../domain/text.ts';
import { checkDeadlineMs, type Finding, failure, type Grade } from './finding.ts';

export interface DoctorOptions {
  /** Where the states of pipelines are. */
  readonly state: string;
  /** Somebody said so on the command line; pipelines get it as their FOGRUN_STATE then. */
  readonly stateGiven: boolean;
  readonly json: boolean;
}

/** Files first, then all the rest, each within its deadline; and the start of the process. */
const deadlineMs = 2 * checkDeadlineMs + 15_000;

export async function doctor(files: readonly string[], options: DoctorOptions): Promise<number> {
  const findings = await examine(
    [options.state, ...files],
    options.stateGiven ? { FOGRUN_STATE: options.state } : {},
  );
  const bad = findings.some(({ grade }) => grade === 'failure');
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: !bad, findings })}\n`);
  else process.stdout.write(findings.map(lines).join(''));
  return bad ? 1 : 0;
}

/** Runs the checks in a process of their own, which is killed as soon as it has said everything. */
function examine(words: readonly string[], variables: Record<string, string>): Promise<readonly Finding[]> {
  const script = fileURLToPath(new URL('./examine.js', import.meta.url));
  const child = spawn(process.execPath, [script, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...variables },
  });
  let text = '';
  return new Promise((resolve) => {
    const end = (findings: readonly Finding[]) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      // One that cannot even be killed is left behind.
      child.stdout.destroy();
      child.unref();
      resolve(findings);
    };
    const broken = (what: string) => [
      failure('doctor', `the checks ${what}`, 'Please report it with the lines above it.'),
    ];
    const timer = setTimeout(() => end(broken('did not come to an end')), deadlineMs);
    child.once('error', (error) => end(broken(`could not be started: ${error.message}`)));
    child.once('close', (code, signal) => end(broken(`ended early (${signal ?? code})`)));
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.endsWith('\n')) end(JSON.parse(text));
    });
  });
}

const marks: Readonly<Record<Grade, readonly [string, 'green' | 'yellow' | 'red']>> = {
  good: ['✔', 'green'],
  warning: ['!', 'yellow'],
  failure: ['✘', 'red'],
};

function lines({ about, grade, text, advice }: Finding): string {
  const [mark, tone] = marks[grade];
  const colour = process.stdout.isTTY && !process.env.NO_COLOR;
  const shown = colour ? styleText(tone, mark, { validateStream: false }) : mark;
  const rest = advice === '' ? '' : `  ${' '.repeat(10)} ${escapeControls(advice)}\n`;
  return `${shown} ${about.padEnd(10)} ${escapeControls(text)}\n${rest}`;
}
