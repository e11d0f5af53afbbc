/** The vendor's own bindings, for tests that want nothing of ours between them and the emulator. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { ExecutionContext } from 'ava';

const require = createRequire(import.meta.url);

/** A class of the bindings, such as `BrickletBarometer`. */
// biome-ignore lint/suspicious/noExplicitAny: the bindings have no types
export const vendorClass = (name: string): any => require(`tinkerforge/lib/${name}.js`);

/** A connection that ends with the test. */
export async function openVendor(t: ExecutionContext, port: number, secret = '') {
  const IPConnection = vendorClass('IPConnection');
  const connection = new IPConnection();
  connection.setAutoReconnect(false);
  await new Promise<void>((resolve, reject) => {
    connection.on(IPConnection.CALLBACK_CONNECTED, () => resolve());
    connection.connect('127.0.0.1', port, (code: number) => reject(new Error(`code ${code}`)));
  });
  const { socket } = connection.socket;
  t.teardown(async () => {
    connection.disconnect();
    if (!socket.closed) await once(socket, 'close');
  });
  if (secret !== '') await callVendor(connection, 'authenticate', secret);
  return { IPConnection, connection };
}

/** Resolves to what a function answers; rejects with `code N`. */
// biome-ignore lint/suspicious/noExplicitAny: the bindings have no types
export function callVendor(on: any, method: string, ...values: unknown[]): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    on[method](
      ...values,
      (...answer: unknown[]) => resolve(answer),
      (code: number) => reject(Object.assign(new Error(`code ${code}`), { code })),
    );
  });
}

/** The values of the next callback of that id. */
// biome-ignore lint/suspicious/noExplicitAny: the bindings have no types
export function nextCallback(device: any, id: number): Promise<unknown[]> {
  return new Promise((resolve) => device.on(id, (...values: unknown[]) => resolve(values)));
}
