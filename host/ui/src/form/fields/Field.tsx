/** One schema, one field: asks for its shape and hands on. */
import { useForm } from '../context';
import { resolve } from '../resolve';
import { labelOf, type Schema, type Value } from '../schema';
import { shape } from '../shape';
import { ChoiceField } from './ChoiceField';
import { JsonField } from './JsonField';
import { ListField } from './ListField';
import { MapField } from './MapField';
import { ObjectField } from './ObjectField';
import { ManyField, NumberField, SelectField, SwitchField, TagsField, TextField } from './plain';

export interface FieldProps {
  schema: Schema;
  /** Already for people. */
  label: string;
  value: Value;
  pointer: string;
  required: boolean;
  /** `undefined` takes the value away. */
  onChange: (value: Value) => void;
}

export function Field(props: FieldProps) {
  const { root } = useForm();
  const schema = resolve(props.schema, root, props.value);
  const shaped = shape(schema, root);
  const own = { ...props, schema };
  switch (shaped.kind) {
    case 'text':
      return <TextField {...own} long={shaped.long} />;
    case 'number':
      return <NumberField {...own} />;
    case 'switch':
      return <SwitchField {...own} />;
    case 'select':
      return <SelectField {...own} options={shaped.options} />;
    case 'many':
      return <ManyField {...own} options={shaped.options} />;
    case 'tags':
      return <TagsField {...own} item={shaped.item} />;
    case 'list':
      return <ListField {...own} item={shaped.item} />;
    case 'object':
      return <ObjectField {...own} />;
    case 'map':
      return <MapField {...own} values={shaped.value} />;
    case 'choice':
      return <ChoiceField {...own} branches={shaped.branches} nullable={shaped.nullable} />;
    case 'fixed':
      // What has to stand there stands there; what may is a choice of one.
      return props.required ? null : (
        <SelectField {...own} options={[{ value: shaped.value, label: labelOf(shaped.value) }]} />
      );
    case 'json':
      return <JsonField {...own} unknown={shaped.unknown} />;
  }
}

/** Whether a field wants the whole width. */
export function isWide(schema: Schema, root: Schema): boolean {
  const shaped = shape(resolve(schema, root, undefined), root);
  if (shaped.kind === 'text') return shaped.long || schema['x-ui']?.widget === 'url' || (schema.maxLength ?? 0) > 500;
  return ['tags', 'list', 'object', 'map', 'choice', 'json', 'many'].includes(shaped.kind);
}
