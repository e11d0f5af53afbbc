/** The past of one edge: its newest part again and again, older ones when somebody asks. */
import { useRef, useState } from 'preact/hooks';
import type { EdgeHistory } from '../../../contract/fleet.ts';
import { ApiError, getJson } from '../model/api.ts';
import { usePolled } from '../model/polled.ts';
import { type KnownHistory, withNewest, withOlder } from './pages.ts';

const askMs = 5_000;

export interface PastOfEdge {
  /** `null` before the first answer. */
  readonly history: KnownHistory | null;
  readonly error: ApiError | null;
  readonly isAsking: boolean;
  /** Asks for the part before what is known. */
  older(): void;
}

/** @param pipeline `null` asks nothing */
export function useHistory(pipeline: string | null, edge: string): PastOfEdge {
  const path = `api/fleet/${encodeURIComponent(edge)}/history`;
  const key = pipeline === null ? null : `${pipeline} ${edge}`;
  const kept = useRef<{ key: string | null; history: KnownHistory | null; part: EdgeHistory | null }>({
    ...{ key, history: null, part: null },
  });
  if (kept.current.key !== key) kept.current = { key, history: null, part: null };
  const [asked, setAsked] = useState<{ isAsking: boolean; error: ApiError | null }>({
    ...{ isAsking: false, error: null },
  });
  const newest = usePolled(
    key,
    (signal) => getJson<EdgeHistory>(path, { pipeline: pipeline! }, signal),
    askMs,
  );
  const own = kept.current;
  if (newest.answer && newest.answer !== own.part) {
    own.part = newest.answer;
    own.history = withNewest(own.history, newest.answer);
  }
  const older = async () => {
    const before = own.history?.before;
    if (!own.history || before === null || before === undefined || asked.isAsking) return;
    setAsked({ isAsking: true, error: null });
    try {
      const part = await getJson<EdgeHistory>(path, { pipeline: pipeline!, before });
      // Meanwhile the newest part may have taken the place of all that was known.
      if (own.history.before === before) own.history = withOlder(own.history, part);
      setAsked({ isAsking: false, error: null });
    } catch (thrown) {
      const error = thrown instanceof ApiError ? thrown : new ApiError(null, String(thrown), '');
      setAsked({ isAsking: false, error });
    }
  };
  return {
    history: own.history,
    error: newest.error ?? asked.error,
    isAsking: asked.isAsking,
    older: () => void older(),
  };
}
