import test from 'ava';
import { emulate, handClock, packetOf, type Received, rawClient, uids, v1, v2 } from './fixtures.ts';

const i32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const isEnumerate = (packet: Received) => packet.functionId === 253;

test('an enumeration names the master brick and every device, in the bytes of the protocol', async (t) => {
  const emulator = await emulate(t, { devices: [v1, v2] });
  const client = await rawClient(t, emulator.port);
  client.send(Buffer.from([0, 0, 0, 0, 8, 254, 0x10, 0]));
  const seen = [];
  for (let i = 0; i < 3; i++) seen.push(await client.take(isEnumerate));
  t.deepEqual(
    seen.map(({ uid, sequence, length }) => ({ uid, sequence, length })),
    [uids.FogEm, uids.abc, uids.Xyz].map((uid) => ({ uid, sequence: 0, length: 34 })),
  );
  t.is(
    seen[1]!.payload.toString('hex'),
    `${Buffer.from('abc\0\0\0\0\0FogEm\0\0\0a', 'latin1').toString('hex')}010100020003dd0000`,
  );
  t.is(seen[0]!.payload.subarray(8, 17).toString('latin1'), '0\0\0\0\0\0\0\x000');
  t.is(seen[0]!.payload.readUInt16LE(23), 13);
  t.is(seen[2]!.payload.readUInt16LE(23), 2117);
});

test('the answer to getIdentity is that of the enumeration without its type', async (t) => {
  const emulator = await emulate(t);
  const client = await rawClient(t, emulator.port);
  const identity = await client.request(uids.abc, 255);
  t.is(identity.length, 33);
  t.is(identity.payload.subarray(0, 17).toString('latin1'), 'abc\0\0\0\0\0FogEm\0\0\0a');
  t.is((await client.request(uids.FogEm, 255)).payload.readUInt16LE(23), 13);
});

test('a request and its answer have exactly the bytes that the protocol says', async (t) => {
  const emulator = await emulate(t);
  const client = await rawClient(t, emulator.port);
  // UID 30867 = 0x7893, 8 bytes, function 1, sequence 5, response expected.
  client.send(Buffer.from([0x93, 0x78, 0, 0, 8, 1, 0x58, 0]));
  const bytes: Buffer = await new Promise((resolve) => client.socket.once('data', resolve));
  // 1013250 = 0x000f7602.
  t.is(bytes.toString('hex'), '937800000c015800027 60f00'.replace(' ', ''));
});

test('the first barometer answers all its getters, and its setters change what they set', async (t) => {
  const emulator = await emulate(t, {}, handClock());
  const client = await rawClient(t, emulator.port);
  const ask = async (functionId: number, payload?: Buffer) => {
    const answer = await client.request(uids.abc, functionId, payload);
    return answer.error === 0 ? answer.payload.toString('hex') : `error ${answer.error}`;
  };
  const defaults: Record<number, string> = {
    1: i32(1_013_250).toString('hex'),
    2: i32(0).toString('hex'),
    4: '00000000',
    6: '00000000',
    8: '780000000000000000',
    10: '780000000000000000',
    12: u32(100).toString('hex'),
    14: '6608',
    19: i32(1_013_250).toString('hex'),
    21: '190a0a',
    23: '00',
  };
  for (const [functionId, hex] of Object.entries(defaults))
    t.is(await ask(Number(functionId)), hex, functionId);
  const pairs: [number, number, string][] = [
    [3, 4, 'e8030000'],
    [5, 6, 'd0070000'],
    [7, 8, '3cffffffff00000000'],
    [9, 10, '6f0100000002000000'],
    [11, 12, '01000000'],
    [13, 19, i32(1_000_000).toString('hex')],
    [20, 21, '010203'],
    [22, 23, '01'],
  ];
  for (const [set, get, hex] of pairs) {
    t.is(await ask(set, Buffer.from(hex, 'hex')), '', `set ${set}`);
    t.is(await ask(get), hex, `get ${get}`);
  }
  // Seen from where 1000 hPa is, 1013.25 hPa is 111 m further down.
  t.is(await ask(2), i32(-11_116).toString('hex'));
  t.is(await ask(13, i32(0)), '');
  t.is(await ask(2), i32(0).toString('hex'));
});

test('the second barometer answers all its getters, and its setters change what they set', async (t) => {
  const emulator = await emulate(t, { devices: [v2] }, handClock());
  const client = await rawClient(t, emulator.port);
  const ask = async (functionId: number, payload?: Buffer) => {
    const answer = await client.request(uids.Xyz, functionId, payload);
    return answer.error === 0 ? answer.payload.toString('hex') : `error ${answer.error}`;
  };
  const noCallback = '0000000000780000000000000000';
  const defaults: Record<number, string> = {
    1: i32(990_001).toString('hex'),
    3: noCallback,
    7: noCallback,
    9: i32(2_150).toString('hex'),
    11: noCallback,
    14: '64006400',
    16: i32(1_013_250).toString('hex'),
    18: '0000000000000000',
    20: '0401',
    234: '00'.repeat(16),
    236: '01',
    240: '03',
    242: '1e00',
    249: u32(uids.Xyz).toString('hex'),
  };
  for (const [functionId, hex] of Object.entries(defaults))
    t.is(await ask(Number(functionId)), hex, functionId);
  const callback = 'e8030000013e10270000204e0000';
  const pairs: [number, number, string][] = [
    [2, 3, callback],
    [6, 7, callback],
    [10, 11, callback],
    [13, 14, '0100e803'],
    [15, 16, i32(1_000_000).toString('hex')],
    [17, 18, `${i32(1_000_000).toString('hex')}${i32(1_000_100).toString('hex')}`],
    [19, 20, '0502'],
    [239, 240, '00'],
    [248, 249, '99999900'],
  ];
  for (const [set, get, hex] of pairs) {
    t.is(await ask(set, Buffer.from(hex, 'hex')), '', `set ${set}`);
    t.is(await ask(get), hex, `get ${get}`);
  }
  // The altitude of 990.001 hPa over 1000 hPa is 84.7 m, in mm.
  const altitude = Buffer.from(await ask(5), 'hex').readInt32LE(0);
  t.true(altitude > 84_000 && altitude < 85_500, String(altitude));
});

test('a reset brings the second barometer back as new, under the UID written before, and says so', async (t) => {
  const emulator = await emulate(t, { devices: [v2] });
  const client = await rawClient(t, emulator.port);
  await client.request(uids.Xyz, 13, Buffer.from('0500 0500'.replace(' ', ''), 'hex'));
  await client.request(uids.Xyz, 248, u32(uids.abc));
  await client.request(uids.Xyz, 243);
  const news = await client.take(isEnumerate);
  t.is(news.uid, uids.abc);
  t.is(news.payload[25], 1);
  t.is((await client.request(uids.abc, 14)).payload.toString('hex'), '64006400');
  t.is((await client.request(uids.abc, 1)).payload.readInt32LE(0), 990_001);
});

test('parameters out of range or of the wrong length are error 1 and change nothing', async (t) => {
  const emulator = await emulate(t, { devices: [v1, v2] });
  const client = await rawClient(t, emulator.port);
  const wrong: [number, number, string][] = [
    [uids.abc, 1, '00'],
    [uids.abc, 3, '000000'],
    [uids.abc, 7, '790000000000000000'],
    [uids.abc, 13, i32(9_999).toString('hex')],
    [uids.abc, 13, i32(-1).toString('hex')],
    [uids.abc, 20, '1a0000'],
    [uids.abc, 22, '02'],
    [uids.abc, 255, '00'],
    [uids.Xyz, 2, '0000000000790000000000000000'],
    [uids.Xyz, 13, '00000100'],
    [uids.Xyz, 13, '0100e903'],
    [uids.Xyz, 15, i32(259_999).toString('hex')],
    [uids.Xyz, 17, '0100000000000000'],
    [uids.Xyz, 19, '0600'],
    [uids.Xyz, 239, '04'],
    [uids.Xyz, 248, '01000000'],
  ];
  for (const [uid, functionId, hex] of wrong) {
    const answer = await client.request(uid, functionId, Buffer.from(hex, 'hex'));
    t.deepEqual([answer.error, answer.length], [1, 8], `${functionId} ${hex}`);
  }
  t.is((await client.request(uids.abc, 19)).payload.readInt32LE(0), 1_013_250);
  t.is((await client.request(uids.Xyz, 16)).payload.readInt32LE(0), 1_013_250);
});

test('an unknown function is error 2, at a device and at the daemon', async (t) => {
  const emulator = await emulate(t, { devices: [v1, v2] });
  const client = await rawClient(t, emulator.port);
  for (const [uid, functionId] of [
    [uids.abc, 99],
    [uids.Xyz, 4],
    [uids.FogEm, 1],
    [1, 77],
  ] as const) {
    const answer = await client.request(uid, functionId);
    t.deepEqual([answer.error, answer.length], [2, 8]);
  }
});

test('nothing comes back for setters, getters and errors that expect no response, nor for probes and unknown UIDs', async (t) => {
  const emulator = await emulate(t);
  const client = await rawClient(t, emulator.port);
  const mute = { responseExpected: false, sequence: 9 };
  client.send(packetOf(uids.abc, 13, i32(1_000_000), mute));
  client.send(packetOf(uids.abc, 13, i32(1), mute));
  client.send(packetOf(uids.abc, 1, undefined, mute));
  client.send(packetOf(uids.abc, 99, undefined, mute));
  client.send(packetOf(0, 128, undefined, { sequence: 9 }));
  client.send(packetOf(4_711, 1, undefined, { sequence: 9 }));
  client.send(packetOf(0, 1, undefined, { sequence: 9 }));
  t.is((await client.request(uids.abc, 19)).payload.readInt32LE(0), 1_000_000);
  t.is(client.received.length, 1);
});

test('a header that no client may send closes the connection at once', async (t) => {
  const emulator = await emulate(t);
  const bad = {
    'sequence 0': Buffer.from([0x93, 0x78, 0, 0, 8, 1, 0x08, 0]),
    'function 0': Buffer.from([0x93, 0x78, 0, 0, 8, 0, 0x18, 0]),
    'length 7': Buffer.from([0x93, 0x78, 0, 0, 7, 1, 0x18, 0]),
    'length 0': Buffer.from([0x93, 0x78, 0, 0, 0, 1, 0x18, 0]),
    'length 81': Buffer.from([0x93, 0x78, 0, 0, 81, 1, 0x18, 0]),
    'function 0 with its payload still to come': Buffer.from([0x93, 0x78, 0, 0, 80, 0, 0x18, 0]),
  };
  for (const [what, bytes] of Object.entries(bad)) {
    const client = await rawClient(t, emulator.port);
    client.send(bytes);
    await client.closed;
    t.is(client.received.length, 0, what);
  }
});

test('requests may come in pieces or all at once', async (t) => {
  const emulator = await emulate(t);
  const client = await rawClient(t, emulator.port);
  const set = packetOf(uids.abc, 13, i32(1_000_000), { sequence: 2 });
  for (const byte of set) {
    client.send(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.take((packet) => packet.sequence === 2);
  const requests = Array.from({ length: 15 }, (_, index) =>
    packetOf(uids.abc, 19, undefined, { sequence: index + 1 }),
  );
  client.send(Buffer.concat([...requests, packetOf(uids.abc, 1).subarray(0, 5)]));
  for (let sequence = 1; sequence <= 15; sequence++) {
    const answer = await client.take((packet) => packet.functionId === 19 && packet.sequence === sequence);
    t.is(answer.payload.readInt32LE(0), 1_000_000);
  }
  client.send(packetOf(uids.abc, 1).subarray(5));
  t.is((await client.take((packet) => packet.functionId === 1)).payload.readInt32LE(0), 1_013_250);
});

test('enumerations that are asked for together are answered once', async (t) => {
  const emulator = await emulate(t);
  const client = await rawClient(t, emulator.port);
  client.send(Buffer.concat(Array.from({ length: 50 }, () => packetOf(0, 254))));
  await client.take(isEnumerate);
  await client.request(uids.abc, 1);
  t.true(client.received.filter(isEnumerate).length < 20);
});

test('altitudes are those of the standard atmosphere', async (t) => {
  const emulator = await emulate(t, {
    devices: [
      { ...v1, pressure: { shape: 'const', value: 1_000 } },
      { ...v2, pressure: { shape: 'const', value: 500 } },
    ],
  });
  const client = await rawClient(t, emulator.port);
  // ISO 2533: 1000 hPa at 110.88 m, 500 hPa at 5574.4 m.
  t.is((await client.request(uids.abc, 2)).payload.readInt32LE(0), 11_088);
  t.true(Math.abs((await client.request(uids.Xyz, 5)).payload.readInt32LE(0) - 5_574_400) < 500);
});

test('what a sensor cannot measure is shown as the end of its range', async (t) => {
  const emulator = await emulate(t, {
    devices: [
      { ...v1, pressure: { shape: 'const', value: 5_000 } },
      { ...v2, pressure: { shape: 'const', value: -3 } },
    ],
  });
  const client = await rawClient(t, emulator.port);
  t.is((await client.request(uids.abc, 1)).payload.readInt32LE(0), 1_200_000);
  t.is((await client.request(uids.Xyz, 1)).payload.readInt32LE(0), 260_000);
});
