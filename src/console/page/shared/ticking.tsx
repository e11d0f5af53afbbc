/** Texts that go on with the time: only they are drawn again, and only when they read differently. */
import { useComputed } from '@preact/signals';

export function Ticking({ text }: { text: () => string }) {
  return <>{useComputed(text)}</>;
}
