import type { Rates } from '@netpilot/control-plane/contract/operations/values.ts';
import { Group, NumberInput } from '@mantine/core';

interface RatesFieldsProps {
  legend: string;
  rates: Rates;
  onChange: (rates: Rates) => void;
  disabled?: boolean;
}

/** Both directions in Mbit/s; an empty field leaves the direction as fast as the line. */
export function RatesFields({ legend, rates, onChange, disabled }: RatesFieldsProps) {
  const field = (label: string, value: number | null, set: (rate: number | null) => void) => (
    <NumberInput
      label={label}
      size="md"
      flex="1 1 140px"
      min={0.01}
      max={10_000}
      decimalScale={2}
      hideControls
      inputMode="decimal"
      suffix=" Mbit/s"
      placeholder="As fast as the line"
      disabled={disabled}
      value={value ?? ''}
      onChange={(typed) => set(typeof typed === 'number' && typed > 0 ? typed : null)}
    />
  );
  return (
    <Group gap="sm" align="flex-end" role="group" aria-label={legend}>
      {field(`${legend}: download`, rates.downMbps, (downMbps) => onChange({ ...rates, downMbps }))}
      {field(`${legend}: upload`, rates.upMbps, (upMbps) => onChange({ ...rates, upMbps }))}
    </Group>
  );
}
