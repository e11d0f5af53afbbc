/** What a check of `fogrun doctor` finds, and how checks are kept from hanging. */
import { type Clock, sleep } from '../../contract/clock.ts';

export type Grade = 'good' | 'warning' | 'failure';

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly about: string;
  readonly grade: Grade;
  readonly text: string;
  /** What to do; empty for what is good. */
  readonly advice: string;
}

export const good = (about: string, text: string): Finding => ({ about, grade: 'good', text, advice: '' });
export const warning = (about: string, text: string, advice: string): Finding => ({
  about,
  grade: 'warning',
  text,
  advice,
});
export const failure = (about: string, text: string, advice: string): Finding => ({
  about,
  grade: 'failure',
  text,
  advice,
});

export interface Check {
  readonly about: string;
  readonly run: () => Promise<Finding | readonly Finding[]>;
}

export const checkDeadlineMs = 8_000;

/** The findings of all checks in their order. One that does not answer in time, or throws, is a finding as well. */
export async function runChecks(checks: readonly Check[], clock: Clock): Promise<Finding[]> {
  const results = checks.map(async ({ about, run }): Promise<readonly Finding[]> => {
    const over = new AbortController();
    const late = sleep(clock, checkDeadlineMs, over.signal).then(() =>
      warning(
        about,
        `this check did not come to an end within ${checkDeadlineMs / 1_000}s`,
        'A disk or a network drive that does not answer may be why.',
      ),
    );
    const found = await Promise.race([
      Promise.resolve()
        .then(run)
        .catch((error: Error) =>
          warning(about, `this check failed: ${error.message}`, 'The others stand for themselves.'),
        ),
      late,
    ]);
    over.abort();
    return Array.isArray(found) ? found : [found as Finding];
  });
  return (await Promise.all(results)).flat();
}
