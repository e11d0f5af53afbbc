/** Texts that go on with the time: only they are drawn again, and only when they read differently. */
import { useComputed, useSignal } from '@preact/signals';

export function Ticking({ text }: { text: () => string }) {
  // What it is drawn anew with may be about something else, and no signal tells of that: in a recording nothing else follows.
  const latest = useSignal(text);
  latest.value = text;
  return <>{useComputed(() => latest.value())}</>;
}
