"""What figures say, in English and in Chinese."""

# ruff: noqa: RUF001 - Chinese punctuation is meant

from typing import Literal

from innovation_graph.errors import UnknownNameError

__all__ = ["LANGUAGES", "Lang", "word"]

Lang = Literal["en", "zh"]

LANGUAGES: tuple[str, ...] = ("en", "zh")
"""Languages of figures."""

_WORDS: dict[str, tuple[str, str]] = {
    # the note line
    "synthetic": ("SYNTHETIC DATA", "合成数据"),
    "source": ("Source", "来源"),
    "no_source": ("not stated", "未注明"),
    "years": ("years", "年份"),
    "counting": ("counting", "计数"),
    "types": ("types", "类型"),
    "minimum": ("links from", "最小联系"),
    "max_actors": ("at most so many authors", "作者数上限"),
    "min_actors": ("at least so many applicants", "申请人数下限"),
    "paper": ("papers", "论文"),
    "patent": ("patents", "专利"),
    "whole": ("whole", "全计数"),
    "fractional": ("fractional", "分数计数"),
    "whole_normalised": ("whole, normalised by work", "按成果归一的全计数"),
    "share": ("author shares", "按作者份额"),
    "backbone_note": ("{drawn:,} of {all:,} links drawn (backbone)", "绘出 {all:,} 条联系中的 {drawn:,} 条（骨干）"),
    "heaviest_note": ("the heaviest {drawn:,} of {all:,} links drawn", "绘出 {all:,} 条联系中最强的 {drawn:,} 条"),
    "links_note": ("{drawn:,} links", "{drawn:,} 条联系"),
    "nowhere": ("places without coordinates, not shown: {n}", "{n} 个地点无坐标，未绘出"),
    "unlabelled": ("names of {n} places left out for room", "因空间所限省略 {n} 个地名"),
    "shown_of": ("{shown} of {all} places", "{all} 个地点中的 {shown} 个"),
    "inside_note": ("{share} of the weight lies inside groups and is not drawn", "权重的 {share} 在组内，未绘出"),
    "height_note": ("height: {what}", "高度：{what}"),
    "isolates_note": ("{n} isolates not drawn", "{n} 个孤立地点未绘出"),
    "club_note": ("small numbers: places in the club", "小字：俱乐部中的地点数"),
    "axis_note": ("the axis does not begin at 0", "坐标轴不从 0 开始"),
    "and": (" and ", "与"),
    "between": (" ", "："),
    "after": ("; ", "；"),
    "colon": (": ", "："),
    "end": (".", "。"),
    # titles
    "map": ("Collaboration network", "合作网络"),
    "map_blocs": ("{a} and {b}: who works with whom", "{a}与{b}之间的合作"),
    "chord": ("Ties between {groups}", "{groups}之间的联系"),
    "matrix": ("Who works with whom", "合作矩阵"),
    "intervals_rank": ("Ranks by {measure}, with {level} percent intervals", "{measure}排名及 {level}% 区间"),
    "intervals_value": ("{measure}, with {level} percent intervals", "{measure}及 {level}% 区间"),
    "intervals_rank_plain": ("Ranks by {measure}, with intervals", "{measure}排名及区间"),
    "intervals_value_plain": ("{measure}, with intervals", "{measure}及区间"),
    "quartiles": ("Where the {groups} stand in the ranking", "各{groups}在排名中的位置"),
    "profile": ("Profile of {place}", "{place}画像"),
    "dendrogram": ("Development modes", "发展模式聚类"),
    "ternary": ("Balance of the dimensions", "各维度的均衡"),
    "bubble": ("International co-publication: growth and share", "国际合著：增长与占比"),
    "lines": ("Over the years", "历年变化"),
    "bump": ("Ranks over the years", "历年排名"),
    "alluvial": ("Communities over time", "社群的演变"),
    "sensitivity": ("What the result hangs on", "结果取决于什么"),
    "waterfall": ("Why {first} stands above {second}", "{first}为何高于{second}"),
    "waterfall_below": ("Why {first} stands below {second}", "{first}为何低于{second}"),
    "distribution": ("Distribution of {measures}", "{measures}的分布"),
    "rich_club": ("Rich club", "富人俱乐部"),
    # axes and keys
    "rank": ("rank", "排名"),
    "tier": ("tier {n}", "第 {n} 梯队"),
    "quarter": ("quarter {n}", "第 {n} 四分位"),
    "leading": ("leading", "领先"),
    "links": ("links", "联系"),
    "ties": ("ties", "联系"),
    "no_tie": ("no tie", "无联系"),
    "link_weight": ("link weight", "联系权重"),
    "community": ("community", "社群"),
    "communities": ("communities", "社群"),
    "country": ("country", "国家/地区"),
    "countries": ("countries", "国家/地区"),
    "continent": ("continent", "大洲"),
    "continents": ("continents", "大洲"),
    "other": ("others", "其他"),
    "group": ("groups", "组"),
    "growth_axis": ("international papers, growth a year", "国际合著论文年均增长"),
    "share_axis": ("share of international papers", "国际合著论文占比"),
    "papers_axis": ("international papers", "国际合著论文数"),
    "median": ("median", "中位数"),
    "mean": ("mean", "均值"),
    "world": ("world", "全球"),
    "peers": ("peers", "对标城市"),
    "peers_mean": ("mean of {n} peers", "{n} 个对标地点均值"),
    "percentile": ("percentile among all places", "在全部地点中的百分位"),
    "distance": ("distance at which groups join", "合并时的距离"),
    "first_order": ("alone (first order)", "单独（一阶）"),
    "total_effect": ("with interactions (total)", "含交互（总效应）"),
    "share_variance": ("share of the variance", "方差占比"),
    "score": ("score", "得分"),
    "points": ("points", "分"),
    "n_others": ("{n} other indicators", "其余 {n} 项指标"),
    "at_least": ("share of places with at least so much", "不低于该值的地点占比"),
    "value": ("value", "数值"),
    "club": ("places with more than so many partners", "合作伙伴数超过该值的地点"),
    "club_weighted": ("places of a larger strength than", "强度超过该值的地点"),
    "club_ratio": ("ties inside, over those expected by chance", "内部联系与随机预期之比"),
    "by_chance": ("95 percent of random networks", "95% 的随机网络"),
    "places": ("places", "地点"),
    "appear": ("new", "新增"),
    "vanish": ("gone", "消失"),
    "size_key": ("area: {what}", "面积：{what}"),
    "width_key": ("width: {what}", "线宽：{what}"),
    "color_key": ("colour: {what}", "颜色：{what}"),
    "year": ("year", "年份"),
    "weight": ("total weight", "总权重"),
    "density": ("density", "密度"),
    "time": ("time", "时间"),
    # measures
    "degree": ("degree", "度"),
    "degree_normalised": ("share of possible partners", "标准化度"),
    "strength": ("strength", "强度"),
    "eigenvector": ("eigenvector centrality", "特征向量中心性"),
    "pagerank": ("PageRank", "PageRank"),
    "betweenness": ("betweenness", "中介中心性"),
    "closeness": ("closeness", "接近中心性"),
    "harmonic": ("harmonic centrality", "调和中心性"),
    "core_number": ("core number", "核数"),
    "jaccard": ("overlap with the year before", "与上一年的重合度"),
    # continents
    "Africa": ("Africa", "非洲"),
    "Asia": ("Asia", "亚洲"),
    "Europe": ("Europe", "欧洲"),
    "North America": ("North America", "北美洲"),
    "South America": ("South America", "南美洲"),
    "Oceania": ("Oceania", "大洋洲"),
    "Antarctica": ("Antarctica", "南极洲"),
    # GIHI dimensions
    "Science Centre": ("Science Centre", "科学中心"),
    "Innovation Economy": ("Innovation Economy", "创新经济"),
    "Innovation Ecosystem": ("Innovation Ecosystem", "创新生态"),
    "innovation economy": ("innovation economy", "创新经济主导"),
    "innovation ecosystem": ("innovation ecosystem", "创新生态主导"),
    "science centre": ("science centre", "科学中心主导"),
    "science centre + innovation ecosystem": ("science centre + innovation ecosystem", "科学中心与创新生态"),
    "mean_shift": ("mean shift of ranks", "排名平均变动"),
    "weights": ("weights", "权重"),
    "noise": ("noise of the data", "数据噪声"),
    "network": ("sampling of the network", "网络抽样"),
    "normalisation": ("normalisation", "标准化方法"),
    "aggregation": ("aggregation", "汇总方法"),
    "treatment": ("outliers", "异常值处理"),
    "imputation": ("missing values", "缺失值处理"),
    "new": ("new", "新增"),
    "lost": ("lost", "消失"),
    "kept": ("kept", "保留"),
    "balanced": ("balanced", "均衡发展"),
}


def word(name: str, lang: Lang = "en", **fields: object) -> str:
    """Return a word or a sentence; one that is not known is the name itself, its underscores blanks.

    Parameters
    ----------
    name : str
        Key, or a name such as that of a measure or a continent.
    lang : {"en", "zh"}
        Language.
    **fields : object
        What the sentence names.

    Returns
    -------
    str
        The text.

    Raises
    ------
    UnknownNameError
        If there is no such language.
    """
    if lang not in LANGUAGES:
        raise UnknownNameError("language", lang, LANGUAGES)
    if name not in _WORDS:
        return name.replace("_", " ")
    text = _WORDS[name][LANGUAGES.index(lang)]
    return text.format(**fields) if fields else text
