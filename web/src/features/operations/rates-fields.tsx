import type { Rates } from '@netpilot/control-plane/contract/operations/values.ts';
import { Group, NumberInput, Text } from '@mantine/core';

interface RatesFieldsProps {
  /** Whose rates these are. */
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
      aria-label={`${legend}: ${label.toLowerCase()}`}
      size="md"
      flex="1 1 120px"
      min={0.01}
      max={10_000}
      decimalScale={2}
      hideControls
      inputMode="decimal"
      suffix=" Mbit/s"
      placeholder="Unlimited"
      disabled={disabled}
      value={value ?? ''}
      onChange={(typed) => set(typeof typed === 'number' && typed > 0 ? typed : null)}
    />
  );
  return (
    <div role="group" aria-label={legend}>
      <Text size="sm" fw={600} mb={4}>
        {legend}
      </Text>
      <Group gap="sm" align="flex-end">
        {field('Download', rates.downMbps, (downMbps) => onChange({ ...rates, downMbps }))}
        {field('Upload', rates.upMbps, (upMbps) => onChange({ ...rates, upMbps }))}
      </Group>
    </div>
  );
}
