import { type ClientRequest, request } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import {
  GATEWAY_PATHS,
  type GatewayAnswer,
  type GatewayCall,
  GatewayEvent,
  type GatewaySession,
  type GatewayTunnel,
} from '../../../contract/gateway.ts';
import type { TunnelState } from '../../../contract/routers.ts';
import { type CallOf, MAX_GATEWAY_ANSWER, callGateway } from './gateway-call.ts';
import { type GatewayChange, GatewayView, UNKNOWN_TUNNEL } from './gateway-view.ts';
import { LineReader } from './line-reader.ts';

/** Without a line for this long the stream counts as dead; the gateway sends a heartbeat every few seconds. */
const SILENCE_MS = 15_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;

export type GatewayListener = (change: GatewayChange) => void;

export interface GatewayClientOptions {
  readonly socketPath: string;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>;
}

/** Connects at once and keeps connecting; {@link GatewayClient.close} ends that. */
export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  const client = new GatewayClient(options);
  client.open();
  return client;
}

/** Owner of the event stream and of the calls under way. */
export class GatewayClient {
  readonly #options: GatewayClientOptions;
  readonly #view = new GatewayView();
  readonly #listeners = new Set<GatewayListener>();
  readonly #closing = new AbortController();
  #stream: ClientRequest | null = null;
  #connected = false;
  #retryMs = FIRST_RETRY_MS;
  #retry: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(options: GatewayClientOptions) {
    this.#options = options;
  }

  /** True while the stream stands and its snapshot has been taken in. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Every session that the gateway has, as last heard. */
  sessions(): ReadonlyMap<string, GatewaySession> {
    return this.#view.sessions;
  }

  /** Every tunnel that the gateway has told of, by router. */
  tunnels(): ReadonlyMap<string, GatewayTunnel> {
    return this.#view.tunnels;
  }

  /** State of a router's tunnel; down for one that nobody has told of. */
  tunnel(routerId: string): TunnelState {
    return this.#view.tunnels.get(routerId)?.tunnel ?? UNKNOWN_TUNNEL;
  }

  /** @returns takes the listener away again. */
  on(listener: GatewayListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Says one verb and waits for its answer, at most 60 s.
   * @throws ProblemError `gateway_unavailable`, or what the gateway's problem means to a person.
   */
  call<V extends GatewayCall['verb']>(call: CallOf<V>): Promise<GatewayAnswer<V>> {
    return callGateway(this.#options.socketPath, call, this.#closing.signal);
  }

  /** Begins to connect; called once by {@link createGatewayClient}. */
  open(): void {
    if (this.#closing.signal.aborted) return;
    const stream = request({
      socketPath: this.#options.socketPath,
      path: GATEWAY_PATHS.events,
      agent: false,
      signal: this.#closing.signal,
    });
    this.#stream = stream;
    this.#watch(stream);
    stream.on('error', (error) => this.#broke(stream, error));
    stream.on('close', () => this.#broke(stream, new Error('the stream ended')));
    stream.on('response', (incoming) => {
      const lines = new LineReader(MAX_GATEWAY_ANSWER);
      let begun = false;
      incoming.on('error', (error) => this.#broke(stream, error));
      incoming.on('end', () => stream.destroy());
      incoming.on('data', (chunk: Buffer) => {
        if (this.#stream !== stream) return;
        try {
          if (incoming.statusCode !== 200) throw new Error(`the gateway answered ${incoming.statusCode}`);
          this.#watch(stream);
          for (const line of lines.push(chunk)) {
            const event = GatewayEvent.parse(JSON.parse(line));
            if (event.type === 'snapshot') {
              begun = true;
              this.#connected = true;
              this.#retryMs = FIRST_RETRY_MS;
            } else if (!begun) throw new Error('the stream did not begin with a snapshot');
            this.#tell(this.#view.apply(event));
          }
        } catch (error) {
          stream.destroy();
          this.#broke(stream, error);
        }
      });
    });
    stream.end();
  }

  /** Ends the stream, the calls under way and all listening. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#stream?.destroy();
    this.#listeners.clear();
  }

  #watch(stream: ClientRequest): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => stream.destroy(new Error('silence')), SILENCE_MS);
  }

  #broke(stream: ClientRequest, error: unknown): void {
    if (this.#stream !== stream) return;
    this.#stream = null;
    clearTimeout(this.#silence);
    if (this.#closing.signal.aborted) return;
    if (this.#connected) {
      this.#connected = false;
      this.#options.log.warn({ err: error }, 'the gateway is away');
      this.#tell(this.#view.disconnect());
    }
    this.#retry = setTimeout(() => this.open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #tell(changes: readonly GatewayChange[]): void {
    for (const change of changes) {
      for (const listener of this.#listeners) {
        try {
          listener(change);
        } catch (error) {
          this.#options.log.error({ err: error }, 'a listener to the gateway failed');
        }
      }
    }
  }
}
