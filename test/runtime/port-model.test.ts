import test from 'ava';
import { consumer, type Item, open, sender, turn } from './port-fixtures.ts';

test('10,000 random operations agree with a model of the port', async (t) => {
  let seed = 20_260_101;
  const chance = (n: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * n);
  };
  const credit = { itemsMax: 6, bytesMax: 20 };
  const port = open(credit.itemsMax, credit.bytesMax);
  const { accepted, refused, send } = sender(port);
  /** The model: what is in the port, and who waits outside, each in order. */
  let inside: Item[] = [];
  const outside: (Item & { abort: AbortController })[] = [];
  const modelAccepted: number[] = [];
  const modelRefused: number[] = [];
  const room = (bytes: number) =>
    inside.length === 0 ||
    (inside.length < credit.itemsMax &&
      inside.reduce((sum, item) => sum + item.bytes, bytes) <= credit.bytesMax);
  const moveUp = () => {
    while (outside.length > 0 && room(outside[0]!.bytes)) inside.push(outside.shift()!);
  };
  let consuming = consumer(port, { itemsMax: 3, bytesMax: 12 });
  let seen = 0;
  let id = 0;
  const operate = async () => {
    const kind = chance(10);
    if (kind < 4) {
      id += 1;
      const item = { id, bytes: 1 + chance(chance(10) === 0 ? 40 : 9), abort: new AbortController() };
      if (outside.length === 0 && room(item.bytes)) inside.push(item);
      else outside.push(item);
      send(item.id, item.bytes, item.abort.signal);
    } else if (kind < 5 && outside.length > 0) {
      const [gone] = outside.splice(chance(outside.length), 1);
      modelRefused.push(gone!.id);
      moveUp();
      gone!.abort.abort();
    } else if (kind < 9) {
      const work = consuming.handled[seen];
      if (!work) return;
      seen += 1;
      t.deepEqual(
        work.ids,
        inside.slice(0, work.ids.length).map((item) => item.id),
      );
      if (chance(8) === 0) {
        work.fail(new Error('not now'));
        await consuming.done.catch(() => {});
        consuming = consumer(port, { itemsMax: 3, bytesMax: 12 });
        seen = 0;
        return;
      }
      modelAccepted.push(...work.ids);
      inside = inside.slice(work.ids.length);
      moveUp();
      work.end();
    } else if (chance(4) === 0) {
      // The actor restarts; what its old life handles is dealt with first.
      consuming.abort.abort();
      const last = consuming.handled[seen];
      if (last) {
        modelAccepted.push(...last.ids);
        inside = inside.slice(last.ids.length);
        moveUp();
        last.end();
      }
      await consuming.done;
      consuming = consumer(port, { itemsMax: 3, bytesMax: 12 });
      seen = 0;
    }
  };
  for (let i = 0; i < 10_000; i++) {
    await operate();
    await turn();
    if (port.in.pending !== inside.length)
      t.fail(`operation ${i}: ${port.in.pending} wait, the model has ${inside.length}`);
    if (port.out.blocked !== (outside.length > 0 || !room(1)))
      t.fail(`operation ${i}: blocked ${port.out.blocked}`);
  }
  t.deepEqual(accepted, modelAccepted);
  t.deepEqual(refused, modelRefused);
  t.deepEqual(
    accepted.toSorted((a, b) => a - b),
    accepted,
    'order is kept',
  );
  t.is(port.accepted, accepted.length);
  t.true(accepted.length > 1_000);
});
