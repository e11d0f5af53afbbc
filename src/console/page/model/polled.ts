/** Answers of the console that are asked for again and again while somebody looks. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api.ts';

export interface Polled<T> {
  /** The newest there is; it stays while a later question fails. `null` before the first. */
  readonly answer: T | null;
  /** Why the last question was not answered; `null` when it was. */
  readonly error: ApiError | null;
  /** Asks at once. */
  again(): void;
}

/**
 * @param key names the question: another one begins anew; `null` asks nothing
 * @param ask may build on what was answered before to the same question
 * @param everyMs from an answer to the next question; nothing is asked while the page is not seen
 */
export function usePolled<T>(
  key: string | null,
  ask: (signal: AbortSignal, before: T | null) => Promise<T>,
  everyMs: number,
): Polled<T> {
  const [kept, keep] = useState<{ key: string | null; answer: T | null; error: ApiError | null }>({
    ...{ key, answer: null, error: null },
  });
  const asker = useRef(ask);
  asker.current = ask;
  const hurry = useRef(() => {});

  useEffect(() => {
    if (key === null) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsking = false;
    let newest: T | null = null;
    const run = async () => {
      clearTimeout(timer);
      if (isAsking || abort.signal.aborted) return;
      if (!document.hidden) {
        isAsking = true;
        try {
          const answer = await asker.current(abort.signal, newest);
          newest = answer;
          if (!abort.signal.aborted) keep({ key, answer, error: null });
        } catch (thrown) {
          if (!abort.signal.aborted) {
            const error = thrown instanceof ApiError ? thrown : new ApiError(null, String(thrown), '');
            keep((before) => ({ key, answer: before.key === key ? before.answer : null, error }));
          }
        }
        isAsking = false;
      }
      if (!abort.signal.aborted) timer = setTimeout(run, everyMs);
    };
    const seen = () => {
      if (!document.hidden) void run();
    };
    hurry.current = () => void run();
    document.addEventListener('visibilitychange', seen);
    void run();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key, everyMs]);

  // What was answered to another question is none to this one.
  const isOwn = kept.key === key;
  return {
    answer: isOwn ? kept.answer : null,
    error: isOwn ? kept.error : null,
    again: () => hurry.current(),
  };
}

/** Renders again every so often, for what reads signals without following each of their changes. */
export function useBeat(everyMs: number): number {
  const [beat, set] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) set((before) => before + 1);
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return beat;
}
