/** How xstate's own names read to people. */

/** `{ serving: 'listening' }` becomes `serving.listening`. */
export function statePath(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([parent, child]) => `${parent}.${statePath(child)}`)
    .join(' + ');
}

/** `xstate.after.retry.uploader.waitingToRetry` becomes `after retry`; what we named stays as it is. */
export function eventName(type: string): string {
  if (type === 'xstate.init') return 'start';
  const after = /^xstate\.after\.([^.]+)\./.exec(type);
  if (after) return /^\d+$/.test(after[1]!) ? `after ${after[1]} ms` : `after ${after[1]}`;
  const ended = /^xstate\.(done|error)\.(?:actor|state)\.(?:\d+\.)?(.+)$/.exec(type);
  if (ended) return `${ended[1]} ${ended[2]!.split('.').at(-1)}`;
  return type;
}
