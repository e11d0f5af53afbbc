/** Control of running pipelines over node-ipc: the socket in their process, and the way to it for others. */
export { type ConnectOptions, connectControl, type RemoteControl } from './ipc-control-client.ts';
export { type Found, findRunning, pipelinesIn, type Unreached } from './ipc-control-find.ts';
export { type ControlServer, type ControlServerOptions, serveControl } from './ipc-control-host.ts';
export { controlSocketName, controlSocketPath } from './ipc-control-path.ts';
export { controlVersion } from './ipc-control-wire.ts';
