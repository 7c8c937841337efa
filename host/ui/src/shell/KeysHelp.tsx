import { Kbd, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { PLACES } from './places';

export function Keys({ opened, close }: { opened: boolean; close: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const rows: [string[], string][] = [
    [['Ctrl', 'K'], t('keys.palette')],
    ...(may('create_job') ? [[['n'], t('keys.new_job')] as [string[], string]] : []),
    [['/'], t('keys.search')],
    ...PLACES.map(({ key, name }): [string[], string] => [['g', key], t(`places.${name}`)]),
    [['?'], t('keys.help')],
  ];
  return (
    <Modal
      // As for the palette.
      lockScroll={false}
      opened={opened}
      onClose={close}
      title={t('keys.title')}
      closeButtonProps={{ 'aria-label': t('parts.close') }}
    >
      <dl className="sg-keys">
        {rows.map(([keys, what]) => (
          <div key={keys.join(' ')}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
