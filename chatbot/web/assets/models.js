// Lists the models of the provider that was chosen. Gradio tells of a choice twice, and whenever the field is left:
// what is listed already stays, and with it the model that was chosen or typed meanwhile.
(arriving, listed) => {
  const as_it_is = { __type__: "update" };
  if (!arriving || arriving.provider === listed) return [as_it_is, as_it_is];
  const choices = arriving.models.map((model) => [model, model]);
  return [{ __type__: "update", choices, value: arriving.models[0] ?? "" }, arriving.provider];
}
