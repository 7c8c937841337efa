/** One right as fields: what, where, how, and how far. Every problem stands at the field that it speaks of. */
import { ActionIcon, Autocomplete, Checkbox, Select, TagsInput, TextInput, Tooltip } from '@mantine/core';
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs';
import { useTranslation } from 'react-i18next';
import {
  ACCESSES,
  CAPABILITIES,
  type Extra,
  NARROWED_BY,
  type Need,
  parameterOf,
  type Right,
} from '../templates/rights';

interface Props {
  right: Right;
  /** For its title, from 1. */
  place: number;
  needs: Need[];
  /** Targets to choose from, by capability. */
  targets: Record<string, string[]>;
  problemAt: (field: string) => string | undefined;
  /** What is right in form but may not do what was meant. */
  warnings: string[];
  isNew: boolean;
  change: (right: Right) => void;
  remove: () => void;
  touch: () => void;
}

export function RightFields({
  right,
  place,
  needs,
  targets,
  problemAt,
  warnings,
  isNew,
  change,
  remove,
  touch,
}: Props) {
  const { t } = useTranslation();
  const { capability, target, access, extra } = right;
  const word = t(`capability.${capability}`, { defaultValue: capability });
  const name = t('grant.right', { place, capability: word });
  const narrowed = NARROWED_BY[capability];
  const list = narrowed && Array.isArray(extra?.[narrowed]) ? (extra[narrowed] as unknown[]).map(String) : [];
  const pointer = parameterOf(target);
  const serves = needs.filter((need) => need.capability === capability && access.includes(need.access));
  const connection = typeof extra?.connection === 'string' ? extra.connection : undefined;
  const setExtra = (key: string, value: unknown) => {
    const { [key]: _old, ...rest }: Extra = extra ?? {};
    const next: Extra = value === undefined ? rest : { ...rest, [key]: value };
    const { extra: _before, ...own } = right;
    change(Object.keys(next).length > 0 ? { ...own, extra: next } : own);
  };
  const accessProblem =
    problemAt('access') ?? access.map((_, index) => problemAt(`access/${index}`)).find((found) => found !== undefined);
  const narrowProblem =
    narrowed &&
    (problemAt(`extra/${narrowed}`) ??
      list.map((_, index) => problemAt(`extra/${narrowed}/${index}`)).find((found) => found !== undefined));
  return (
    <fieldset className="sg-right" data-new={isNew || undefined}>
      <legend>
        {name}
        {isNew && <span className="sg-tag sg-tag-new">{t('grant.new')}</span>}
      </legend>
      <div className="sg-right-grid">
        <Select
          label={t('grant.capability')}
          data={CAPABILITIES.map((one) => ({ value: one, label: t(`capability.${one}`) }))}
          value={capability}
          allowDeselect={false}
          error={problemAt('capability')}
          onChange={(next) =>
            next &&
            next !== capability &&
            change({ capability: next, target: '', access: ACCESSES[next]?.slice(0, 1) ?? [] })
          }
        />
        <Autocomplete
          label={t(`grant.target.${capability}`, { defaultValue: t('audit.subject') })}
          description={
            pointer === undefined
              ? t(`grant.target_help.${capability}`, { defaultValue: '' })
              : t('grant.follows', { parameter: pointer.slice(1) })
          }
          classNames={{ input: 'sg-mono' }}
          data={targets[capability] ?? []}
          limit={20}
          value={target}
          error={problemAt('target')}
          spellCheck={false}
          onBlur={touch}
          onChange={(next) => change({ ...right, target: next })}
        />
        <Checkbox.Group
          className="sg-right-access"
          label={t('grant.access')}
          value={access}
          error={accessProblem}
          onChange={(next) => change({ ...right, access: next })}
        >
          <div className="sg-checks">
            {(ACCESSES[capability] ?? access).map((one) => (
              <Checkbox key={one} value={one} label={t(`access.${one}`)} />
            ))}
          </div>
        </Checkbox.Group>
        <Tooltip label={t('grant.remove', { name })}>
          <ActionIcon
            variant="subtle"
            className="sg-right-remove"
            onClick={remove}
            aria-label={t('grant.remove', { name })}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Tooltip>
        {narrowed && (
          <TagsInput
            className="sg-right-wide"
            label={t(`grant.narrow.${narrowed}`)}
            description={t(`grant.narrow_help.${narrowed}`)}
            placeholder={list.length === 0 ? t('grant.all') : undefined}
            data={narrowed === 'methods' ? ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] : []}
            acceptValueOnBlur
            splitChars={[',', ' ']}
            value={list}
            error={narrowProblem}
            onChange={(next) => setExtra(narrowed, next.length > 0 ? next : undefined)}
          />
        )}
        {connection !== undefined && (
          <TextInput
            className="sg-right-wide"
            label={t('grant.connection')}
            description={t('grant.connection_help')}
            classNames={{ input: 'sg-mono' }}
            value={connection}
            error={problemAt('extra/connection') ?? problemAt('extra')}
            onChange={(event) => setExtra('connection', event.currentTarget.value)}
          />
        )}
      </div>
      {serves.length > 0 && (
        <p className="sg-form-note sg-right-for">
          {t('grant.serves')} {[...new Set(serves.map(({ reason }) => reason || t('needs.no_reason')))].join(' ')}
        </p>
      )}
      {warnings.map((warning) => (
        <p key={warning} className="sg-right-warning sg-tone-timeout">
          {warning}
        </p>
      ))}
    </fieldset>
  );
}
