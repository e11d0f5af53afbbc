/** A port with a sender and a consumer that a test plays by hand. */
import { createPort } from '../../src/runtime/port.ts';

export interface Item {
  readonly id: number;
  readonly bytes: number;
}

export const all = { itemsMax: 1_000, bytesMax: 1_000_000 };
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
export const open = (itemsMax: number, bytesMax: number) =>
  createPort<Item>({ itemsMax, bytesMax }, ({ bytes }) => bytes);

/** Sends and remembers how it went. */
export function sender(port: ReturnType<typeof open>) {
  const accepted: number[] = [];
  const refused: number[] = [];
  const send = (id: number, bytes = 1, signal?: AbortSignal) => {
    port.out.send({ id, bytes }, signal).then(
      () => accepted.push(id),
      () => refused.push(id),
    );
  };
  return { accepted, refused, send };
}

/** A consumer whose handlers end when the test says so. */
export function consumer(port: ReturnType<typeof open>, limits = all) {
  const abort = new AbortController();
  const handled: { ids: number[]; end: () => void; fail: (thrown: unknown) => void }[] = [];
  const done = port.in.consume(limits, abort.signal, (items) => {
    const work = Promise.withResolvers<void>();
    handled.push({ ids: items.map(({ id }) => id), end: work.resolve, fail: work.reject });
    return work.promise;
  });
  done.catch(() => {});
  return { abort, handled, done };
}
