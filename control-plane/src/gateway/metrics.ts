import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** Numbers read at each scrape; no label ever names a tenant. */
export interface MetricSources {
  sandboxes: () => number;
  queued: () => number;
  warm: () => number;
  tunnels: () => number;
  eventReaders: () => number;
}

const HELP: Record<keyof MetricSources, [string, string]> = {
  sandboxes: ['netpilot_gateway_sandboxes', 'Sessions that have or are getting a sandbox'],
  queued: ['netpilot_gateway_queued', 'Sessions that wait for a sandbox'],
  warm: ['netpilot_gateway_warm_sandboxes', 'Sandboxes started ahead'],
  tunnels: ['netpilot_gateway_tunnels_up', 'Router tunnels that are up'],
  eventReaders: ['netpilot_gateway_event_readers', 'Readers of the event stream'],
};

/** @returns the Prometheus registry of the process. */
export function createMetrics(sources: MetricSources): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const [source, [name, help]] of Object.entries(HELP) as [keyof MetricSources, [string, string]][]) {
    const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(sources[source]()) });
  }
  return registry;
}
