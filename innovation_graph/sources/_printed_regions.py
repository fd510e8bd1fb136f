"""States, provinces and counties as databases print them between a city and its country."""

from collections.abc import Iterator
from functools import cache

from innovation_graph.places.regions import REGION_COUNTRIES, region_code
from innovation_graph.places.text import fold

__all__ = ["is_region", "is_town_too"]

# A line begins with the code of the country or goes on with "|".
_REGIONS = """
AR Buenos Aires|BA|CABA|Cordoba|Santa Fe|Mendoza|Tucuman|Entre Rios|Chubut|Rio Negro|San Juan|San Luis|Salta|Misiones
|Corrientes|Chaco|Neuquen|La Pampa|Jujuy|Catamarca|La Rioja|Formosa|Santa Cruz|Santiago del Estero|Tierra del Fuego
BR Acre|Alagoas|Amapa|Amazonas|Bahia|Ceara|Distrito Federal|Espirito Santo|Goias|Go|Maranhao|Mato Grosso
|Mato Grosso do Sul|Minas Gerais|Para|Paraiba|Parana|Pernambuco|Piaui|Rio de Janeiro|Rio Grande do Norte
|Rio Grande do Sul|Rondonia|Roraima|Santa Catarina|Sao Paulo|Sergipe|Tocantins
CH Aargau|Basel Landschaft|Basel Stadt|Graubunden|Thurgau|Ticino|Valais|Vaud
CL Araucania|Atacama|Bio Bio|Biobio|Coquimbo|Los Lagos|Los Rios|Magallanes|Maule|Region Metropolitana|Valparaiso
CN Guangxi Prov|Inner Mongolia|Ningxia|Shanxi Prov|Tibet|Xinjiang Uygur
CO Antioquia|Atlantico|Bolivar|Boyaca|Caldas|Cauca|Cundinamarca|Huila|Magdalena|Meta|Narino|Norte de Santander|Quindio
|Risaralda|Santander|Tolima|Valle del Cauca
GB Aberdeenshire|Angus|Antrim|Argyll|Armagh|Avon|Ayrshire|Beds|Bedford|Bedfordshire|Berks|Berkshire|Bucks
|Buckinghamshire|Cambs|Cambridgeshire|Ceredigion|Cheshire|Cleveland|Clwyd|Clackmannan|Conwy|Cornwall|Cumberland
|Cumbria|Derbyshire|Derbys|Devon|Dorset|Down|Dumfries & Galloway|Dunbarton|Dunbartonshire|Dyfed|E Lothian
|E Riding Yorkshire|E Sussex|East Sussex|East Lothian|E Yorkshire|Essex|Fife|Flint|Glos|Gloucestershire|Greater London
|Greater Manchester|Gtr Manchester|Gwent|Gwynedd|Hampshire|Hants|Hereford|Herts|Hertfordshire|Humberside|Isle Wight
|Isle of Wight|Kent|Lanark|Lanarkshire|Lancs|Lancashire|Leics|Leicestershire|Lincs|Lincolnshire|Londonderry|M Glam
|M Glamorgan|Merseyside|Mid Glamorgan|Middlesex|Middx|Midlothian|Monmouth|Moray|N Ayrshire|N Lanarkshire|N Yorkshire
|N Humberside|Norfolk|North Yorkshire|Northants|Northamptonshire|Northd|Northumberland|Northumbria|Notts
|Nottinghamshire|Orkney|Oxon|Oxfordshire|Pembrokeshire|Perth & Kinross|Powys|Renfrew|Renfrewshire|Ross & Cromarty
|Roxburgh|Rutland|S Glam|S Glamorgan|S Humberside|S Lanarkshire|S Yorkshire|Salop|Scottish Borders|Shrops|Shropshire
|Somerset|South Yorkshire|Staffs|Staffordshire|Suffolk|Surrey|Sutherland|Teesside|Tyne & Wear|Tyrone|W Glam
|W Glamorgan|W Lothian|W Midlands|W Sussex|W Yorkshire|Warwicks|Warwickshire|West Lothian|West Midlands|West Sussex
|West Yorkshire|Wilts|Wiltshire|Wirral|Worcs|Worcestershire|Yorkshire
ID Bali|Banten|Central Java|East Java|Jawa Barat|Jawa Tengah|Jawa Timur|West Java|West Sumatra|North Sumatra|Aceh
IN Andhra Pradesh|Arunachal Pradesh|Assam|Bihar|Chhattisgarh|Goa|Gujarat|Gujrat|Haryana|Himachal Pradesh
|Jammu & Kashmir|Jharkhand|Karnataka|Kerala|Madhya Pradesh|Maharashtra|Manipur|Meghalaya|Mizoram|Nagaland|Odisha
|Orissa|Punjab|Rajasthan|Sikkim|Tamil Nadu|Tamilnadu|Telangana|Tripura|Union Territory|Uttar Pradesh|Uttarakhand
|Uttaranchal|W Bengal|West Bengal
JP Aichi|Akita|Aomori|Chiba|Ehime|Fukui|Fukuoka|Fukushima|Gifu|Gunma|Hiroshima|Hokkaido|Hyogo|Ibaraki|Ishikawa|Iwate
|Kagawa|Kagoshima|Kanagawa|Kochi|Kumamoto|Kyoto|Mie|Miyagi|Miyazaki|Nagano|Nagasaki|Nara|Niigata|Oita|Okayama|Okinawa
|Osaka|Saga|Saitama|Shiga|Shimane|Shizuoka|Tochigi|Tokushima|Tokyo|Tottori|Toyama|Wakayama|Yamagata|Yamaguchi
|Yamanashi
KR Chungbuk|Chungcheongbuk Do|Chungcheongnam Do|Chungnam|Gangwon|Gangwon Do|Gyeongbuk|Gyeonggi|Gyeonggi Do|Gyeongnam
|Gyeongsangbuk Do|Gyeongsangnam Do|Jeju Do|Jeollabuk Do|Jeollanam Do|Jeonbuk|Jeonnam|Kangwon Do|Kyonggi Do|Kyeonggi Do
MX Aguascalientes|Baja California|Baja California Sur|Campeche|Chiapas|Chihuahua|Coahuila|Colima|Durango
|Estado de Mexico|Guanajuato|Guerrero|Hidalgo|Jalisco|Michoacan|Morelos|Nayarit|Nuevo Leon|Oaxaca|Puebla|Queretaro
|Quintana Roo|San Luis Potosi|Sinaloa|Sonora|Tabasco|Tamaulipas|Tlaxcala|Veracruz|Yucatan|Zacatecas
MY Johor|Kedah|Kelantan|Malacca|Melaka|Negeri Sembilan|Pahang|Penang|Perak|Perlis|Pulau Pinang|Sabah|Sarawak|Selangor
|Terengganu
PE Arequipa|Cusco|La Libertad|Lambayeque|Loreto|Piura|Puno|San Martin
PK Azad Kashmir|Balochistan|Khyber Pakhtunkhwa|Kpk|NWFP|Punjab|Sindh
ZA Eastern Cape|Free State|Gauteng|Kwazulu Natal|Limpopo|Mpumalanga|North West|Northern Cape|Western Cape
"""
# In these the town of that name is meant, unless another one stands before it.
_TOWNS_TOO = """
AR Buenos Aires|Cordoba|Santa Fe|Mendoza|Tucuman|San Juan|San Luis|Salta|Corrientes|Neuquen|La Rioja|Catamarca|Formosa
|Santiago del Estero
BR Rio de Janeiro|Sao Paulo
CA Quebec
CL Valparaiso
CN Beijing|Chongqing|Shanghai|Tianjin|Jilin
GB Bedford|Hereford|Londonderry|Armagh|Monmouth|Flint
JP Akita|Aomori|Chiba|Fukui|Fukuoka|Fukushima|Gifu|Hiroshima|Kagoshima|Kochi|Kumamoto|Kyoto|Miyazaki|Nagano|Nagasaki
|Nara|Niigata|Oita|Okayama|Osaka|Saga|Saitama|Shizuoka|Tokushima|Tokyo|Tottori|Toyama|Wakayama|Yamagata|Yamaguchi
MX Aguascalientes|Campeche|Chihuahua|Colima|Durango|Guanajuato|Oaxaca|Puebla|Queretaro|San Luis Potosi|Tlaxcala
|Veracruz|Zacatecas
PE Arequipa|Cusco|Piura|Puno
"""
_AREA_WORDS = (" county", " oblast", " prov", " provi", " provin", " province", " region", " state")


@cache
def is_region(iso2: str, name: str) -> bool:
    """Say whether a part of an address, without its postcode, is an area and no town.

    Up to three capitals are the code of some area in every country.
    """
    if len(name) <= 3 and name.isascii() and name.isupper():
        return True
    key = fold(name)
    if key.endswith(_AREA_WORDS) or (iso2, key) in _known(_REGIONS):
        return True
    return iso2 in REGION_COUNTRIES and region_code(iso2, name) is not None


def is_town_too(iso2: str, name: str) -> bool:
    """Say whether the name of an area is also that of a large town in it."""
    return (iso2, fold(name)) in _known(_TOWNS_TOO)


@cache
def _known(table: str) -> frozenset[tuple[str, str]]:
    return frozenset(_rows(table))


def _rows(table: str) -> Iterator[tuple[str, str]]:
    for line in table.replace("\n|", "|").strip().splitlines():
        for name in line[3:].split("|"):
            yield line[:2], fold(name)
