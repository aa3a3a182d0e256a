"""Text encoders of transformers, tiny and with random weights, most of them with a task head."""

from __future__ import annotations

from typing import Any

import transformers as hf

from zoo.entry import Sample, entry
from zoo.inputs import VOCABULARY, text, token_ids

SMALL: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}


@entry("batch", "sequence", quick=True)
def bert() -> Sample:
    return text(hf.BertModel(hf.BertConfig(**SMALL)))


@entry("batch", "sequence")
def bert_for_masked_words() -> Sample:
    return text(hf.BertForMaskedLM(hf.BertConfig(**SMALL)))


@entry("batch", "sequence")
def roberta() -> Sample:
    return text(hf.RobertaForSequenceClassification(hf.RobertaConfig(**SMALL)), longest=60)


@entry("batch", "sequence")
def xlm_roberta() -> Sample:
    return text(hf.XLMRobertaForTokenClassification(hf.XLMRobertaConfig(**SMALL)), longest=60)


@entry("batch", "sequence")
def distilbert() -> Sample:
    config = hf.DistilBertConfig(
        vocab_size=VOCABULARY, dim=32, n_layers=2, n_heads=4, hidden_dim=64, max_position_embeddings=64
    )
    return text(hf.DistilBertForSequenceClassification(config))


@entry("batch", "sequence")
def albert() -> Sample:
    return text(hf.AlbertForQuestionAnswering(hf.AlbertConfig(**SMALL, embedding_size=16)))


@entry("batch", "sequence")
def deberta_v2() -> Sample:
    config = hf.DebertaV2Config(
        **SMALL, relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8, norm_rel_ebd="layer_norm"
    )
    return text(hf.DebertaV2Model(config))


@entry("batch", "sequence")
def electra() -> Sample:
    return text(hf.ElectraForPreTraining(hf.ElectraConfig(**SMALL, embedding_size=16)))


@entry("batch", "sequence")
def mpnet() -> Sample:
    return text(hf.MPNetModel(hf.MPNetConfig(**SMALL)), longest=60)


@entry("batch", "sequence")
def modernbert() -> Sample:
    config = hf.ModernBertConfig(**SMALL, pad_token_id=0, local_attention=8, global_attn_every_n_layers=2)
    return text(hf.ModernBertModel(config))


@entry("batch", "sequence")
def rembert() -> Sample:
    config = hf.RemBertConfig(**SMALL, input_embedding_size=16, output_embedding_size=24)
    return text(hf.RemBertModel(config))


@entry("batch", "sequence")
def roformer() -> Sample:
    return text(hf.RoFormerModel(hf.RoFormerConfig(**SMALL)))


@entry("batch", "sequence")
def squeezebert() -> Sample:
    return text(hf.SqueezeBertModel(hf.SqueezeBertConfig(**SMALL, embedding_size=32)))


@entry("batch", "sequence")
def mobilebert() -> Sample:
    config = hf.MobileBertConfig(**SMALL, embedding_size=16, intra_bottleneck_size=16, true_hidden_size=16)
    return text(hf.MobileBertModel(config), shortest=3)


@entry("batch", "sequence")
def esm() -> Sample:
    config = hf.EsmConfig(**SMALL, pad_token_id=1, mask_token_id=3, position_embedding_type="rotary")
    return text(hf.EsmModel(config))


@entry("batch", "sequence")
def layoutlm() -> Sample:
    return text(hf.LayoutLMModel(hf.LayoutLMConfig(**SMALL)))


@entry()
def funnel() -> Sample:
    """A static one: pooling halves the sequence."""
    config = hf.FunnelConfig(
        vocab_size=VOCABULARY, block_sizes=[1, 1], num_decoder_layers=1, d_model=32, n_head=4, d_head=8, d_inner=64
    )
    return Sample(hf.FunnelModel(config), kwargs={"input_ids": token_ids(sequence=8)})
