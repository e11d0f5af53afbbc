import test from 'ava';
import { emulate, handClock, rawClient, uids, v1, v2 } from './fixtures.ts';

/** What an enumerate callback says of a device: UID, position, change. */
const said = (payload: Buffer) =>
  `${payload.subarray(0, 8).toString().replaceAll('\0', '')} ${String.fromCharCode(payload[16]!)} ${payload[25]}`;

async function start(t: Parameters<typeof emulate>[0], options: Parameters<typeof emulate>[1]) {
  const clock = handClock();
  const emulator = await emulate(t, options, clock);
  const client = await rawClient(t, emulator.port);
  await client.request(uids.FogEm, 255);
  const announced = async () => {
    await client.request(uids.FogEm, 255);
    return client.received.filter(({ functionId }) => functionId === 253).map(({ payload }) => said(payload));
  };
  return { clock, emulator, client, announced };
}

test('what is unplugged says so, answers nothing, is not listed, and comes back as new', async (t) => {
  const { emulator, client, announced } = await start(t, { devices: [v1, v2] });
  await client.request(uids.Xyz, 239, Buffer.of(1));
  t.true(emulator.unplug('Xyz'));
  t.deepEqual(await announced(), ['Xyz b 2']);
  client.send(
    Buffer.from([uids.Xyz & 0xff, (uids.Xyz >> 8) & 0xff, (uids.Xyz >> 16) & 0xff, 0, 8, 1, 0x18, 0]),
  );
  await announced();
  t.deepEqual(
    client.received.filter(({ uid, functionId }) => uid === uids.Xyz && functionId === 1),
    [],
  );
  t.false(emulator.replug('abc'), 'it is there');
  t.true(emulator.replug('Xyz', 'd'));
  t.deepEqual(await announced(), ['Xyz b 2', 'Xyz d 1']);
  t.is((await client.request(uids.Xyz, 240)).payload[0], 3, 'its settings are gone');
});

test('callbacks of an unplugged device end with it', async (t) => {
  const { clock, emulator, client } = await start(t, { devices: [v2] });
  const config = Buffer.concat([Buffer.from([100, 0, 0, 0, 0]), Buffer.from('x'), Buffer.alloc(8)]);
  await client.request(uids.Xyz, 2, config);
  clock.advance(100);
  await client.take(({ functionId, sequence }) => functionId === 4 && sequence === 0);
  emulator.unplug('Xyz');
  t.is(clock.timers, 0);
  clock.advance(1_000);
  emulator.replug('Xyz');
  clock.advance(1_000);
  await client.request(uids.FogEm, 255);
  t.is(client.received.filter(({ functionId }) => functionId === 4).length, 1);
});

test('a plan unplugs at its times and leaves nothing behind', async (t) => {
  const unplug = { after: 30_000, for: 10_000, every: 300_000 };
  const { clock, emulator, announced } = await start(t, { devices: [{ ...v1, unplug }] });
  clock.advance(29_999);
  t.deepEqual(await announced(), []);
  clock.advance(1);
  t.deepEqual(await announced(), ['abc a 2']);
  clock.advance(10_000);
  t.deepEqual(await announced(), ['abc a 2', 'abc a 1']);
  clock.advance(290_000);
  t.is((await announced()).length, 3);
  await emulator.close();
  t.is(clock.timers, 0);
});

test('a plan without a repetition happens once', async (t) => {
  const { clock, announced } = await start(t, { devices: [{ ...v1, unplug: { after: 10, for: 10 } }] });
  clock.advance(3_600_000);
  t.deepEqual(await announced(), ['abc a 2', 'abc a 1']);
  t.is(clock.timers, 0);
});
