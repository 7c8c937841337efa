/** A search that lives in the address. */
import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** What is typed goes into the address once the typing rests. */
export function SearchField({
  value,
  change,
}: {
  value: string | undefined;
  change: (text: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(value ?? '');
  const [settled] = useDebouncedValue(text, 300);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed goes out
  useEffect(() => {
    if (settled !== (value ?? '')) change(settled.trim() || undefined);
  }, [settled]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what comes from the address comes in
  useEffect(() => {
    if (value !== settled) setText(value ?? '');
  }, [value]);
  return (
    <TextInput
      className="sg-filter-search"
      type="search"
      label={t('filter.search')}
      leftSection={<IconSearch size={16} />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  );
}
